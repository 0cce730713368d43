"""Pollinations: the present API, where a repeat joins the first order; the old host takes one order a minute."""

from tests.matrix.tables import table

from retrato.simulator.fault import answer
from retrato.simulator.faults.pollinations import gen_envelope

# A GET that breaks is repeated once by aiohttp itself, which shows among the calls.
GEN = table(
    "pollinations/gen",
    """
fault                 | first attempt   | calls | billed | breaker    | alone         | in company
# the connection
ok                    | drawn           | 1     | 1      | fine       | drawn         | pollinations/gen
hang                  | unknown_outcome | 2     | 1      | fine       | drawn         |
stall:10              | unknown_outcome | 2     | 1      | fine       | drawn         |
vanish                | drawn           | 2     | 1      | fine       | drawn         |
vanish x8             | unknown_outcome | 8     | 1      | shut 30    | retry 30      | huggingface/fal-ai
close                 | drawn           | 2     | 1      | fine       | drawn         |
cut:10                | unknown_outcome | 2     | 1      | fine       | drawn         |
refused               | transient       | 0     | 0      | shut 30    | retry 30      | huggingface/fal-ai
long                  | drawn           | 1     | 1      | fine       | drawn         |
long, hang            | unknown_outcome | 2     | 1      | fine       | drawn         |
long, vanish x4       | unknown_outcome | 4     | 1      | shut 30    | retry 30      | huggingface/fal-ai
# the answer
json_200              | bad_output      | 2     | 1      | fine       | drawn         |
html_200              | bad_output      | 2     | 1      | fine       | drawn         |
html_502              | transient       | 2     | 1      | fine       | drawn         |
html_502 x4           | transient       | 4     | 0      | shut 30    | retry 30      | huggingface/fal-ai
html_504              | unknown_outcome | 2     | 1      | fine       | drawn         |
poll_400_model        | gone            | 1     | 0      | shut 21600 | release 21600 | huggingface/fal-ai
poll_400_safety       | refused         | 1     | 0      | fine       | fail refused  | fail refused
poll_401              | auth            | 1     | 0      | shut 3600  | release 3600  | huggingface/fal-ai
poll_401_key          | auth            | 1     | 0      | shut 3600  | release 3600  | huggingface/fal-ai
poll_402_balance      | no_credit       | 1     | 0      | shut 900   | release 900   | huggingface/fal-ai
poll_402_key_budget   | no_credit       | 1     | 0      | shut 900   | release 900   | huggingface/fal-ai
poll_403              | auth            | 1     | 0      | shut 3600  | release 3600  | huggingface/fal-ai
poll_403_cloudflare   | auth            | 1     | 0      | shut 3600  | release 3600  | huggingface/fal-ai
poll_412              | transient       | 2     | 1      | fine       | drawn         |
poll_422_content      | refused         | 1     | 0      | fine       | fail refused  | fail refused
poll_429              | throttled       | 1     | 0      | shut 45    | release 45    | huggingface/fal-ai
poll_429_flat         | throttled       | 1     | 0      | shut 1     | release 5     | huggingface/fal-ai
poll_429_pk           | throttled       | 1     | 0      | shut 123   | release 123   | huggingface/fal-ai
poll_502              | throttled       | 1     | 0      | shut 45    | release 45    | huggingface/fal-ai
502_of_402            | transient       | 2     | 1      | fine       | drawn         |
poll_503              | transient       | 2     | 1      | fine       | drawn         |
poll_530_cloudflare   | transient       | 2     | 1      | fine       | drawn         |
long, json_200        | bad_output      | 2     | 1      | fine       | drawn         |
long, poll_400_safety | refused         | 1     | 0      | fine       | fail refused  | fail refused
# the accepted order
job_failed            | transient       | 2     | 1      | fine       | drawn         |
# the picture
black                 | bad_output      | 2     | 2      | fine       | drawn         |
black x2              | bad_output      | 2     | 2      | 2 faults   | retry 30      | huggingface/fal-ai
empty                 | bad_output      | 2     | 2      | fine       | drawn         |
truncated             | bad_output      | 2     | 2      | fine       | drawn         |
bomb                  | bad_output      | 2     | 2      | fine       | drawn         |
wrong_size:640x480    | drawn           | 1     | 1      | fine       | drawn         |
webp                  | drawn           | 1     | 1      | fine       | drawn         |
exif                  | drawn           | 1     | 1      | fine       | drawn         |
placeholder           | drawn           | 1     | 1      | fine       | drawn         |
long, black           | bad_output      | 2     | 2      | fine       | drawn         |
""",
    **{"502_of_402": gen_envelope(502, "BAD_GATEWAY", "Upstream error", details={"upstreamStatus": 402})},
)

# No second call within its minute, so that retries and redraws are left to the next leg, or to the job's next run.
LEGACY = table(
    "pollinations/legacy",
    """
fault                | first attempt   | calls | billed | breaker    | alone         | in company
# the connection
ok                   | drawn           | 1     | 1      | fine       | drawn         | pollinations/legacy
hang                 | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
vanish               | drawn           | 2     | 1      | fine       | drawn         |
vanish x2            | unknown_outcome | 2     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
close x2             | unknown_outcome | 2     | 0      | 1 fault    | retry 30      | huggingface/fal-ai
cut:10               | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
refused              | transient       | 0     | 0      | 1 fault    | retry 30      | huggingface/fal-ai
long                 | drawn           | 1     | 1      | fine       | drawn         |
# the answer
json_200             | bad_output      | 1     | 0      | 1 fault    | retry 30      | huggingface/fal-ai
html_200             | bad_output      | 1     | 0      | 1 fault    | retry 30      | huggingface/fal-ai
html_502             | transient       | 1     | 0      | 1 fault    | retry 30      | huggingface/fal-ai
poll_402_x402        | throttled       | 1     | 0      | shut 60    | release 60    | huggingface/fal-ai
poll_429_legacy      | throttled       | 1     | 0      | shut 60    | release 60    | huggingface/fal-ai
poll_503_legacy      | transient       | 1     | 0      | 1 fault    | retry 30      | huggingface/fal-ai
poll_400_legacy_nsfw | refused         | 1     | 0      | fine       | fail refused  | fail refused
poll_502_legacy      | transient       | 1     | 0      | 1 fault    | retry 30      | huggingface/fal-ai
poll_530_cloudflare  | transient       | 1     | 0      | 1 fault    | retry 30      | huggingface/fal-ai
poll_403_cloudflare  | auth            | 1     | 0      | shut 3600  | release 3600  | huggingface/fal-ai
poll_404             | gone            | 1     | 0      | shut 21600 | release 21600 | huggingface/fal-ai
# the picture
black                | bad_output      | 1     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
empty                | bad_output      | 1     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
truncated            | bad_output      | 1     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
bomb                 | bad_output      | 1     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
wrong_size:640x480   | drawn           | 1     | 1      | fine       | drawn         |
webp                 | drawn           | 1     | 1      | fine       | drawn         |
exif                 | drawn           | 1     | 1      | fine       | drawn         |
placeholder_bare     | throttled       | 1     | 0      | shut 60    | release 60    | huggingface/fal-ai
""",
    placeholder_bare=answer(
        200, b"\xff\xd8\xff\xe0 a branded picture with a QR code", headers={"Content-Type": "image/jpeg"}
    ),
)
