"""What the client library says went wrong, in one line that a person understands."""

import re

_LONGEST = 300
_CODE = re.compile(r"<Code>([^<]*)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")
_STATUS = "status code: "
"""What obstore 0.12 writes before HTTP status and body of an answer that is an error."""


def reason_of(error: Exception) -> str:
    """
    The reason in *error*, at most 300 characters, in one line.

    An S3 server answers XML; of that only code and message are kept. The rest of it may hold access keys and the
    text that was signed, and an HTML page of a proxy tells nothing.
    """
    # obstore appends its debug output after an empty line.
    text = str(error).partition("\n\n")[0]
    _, _, answer = text.rpartition(_STATUS)
    words, tag, rest = answer.partition("<")
    said = [found[1] for pattern in (_CODE, _MESSAGE) if (found := pattern.search(tag + rest))]
    return " ".join(f"{words.rstrip(': ')}{': ' if said else ''}{': '.join(said)}".split())[:_LONGEST]


def is_bucket_missing(error: Exception) -> bool:
    """Whether it is the bucket that is not there, and not a picture in it; HEAD has no body and cannot tell."""
    return "<Code>NoSuchBucket</Code>" in str(error)
