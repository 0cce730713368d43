"""Hugging Face's router to fal, by fal's queue: the first leg of all, so with every word that either may say."""

from tests.matrix.tables import table

from retrato.simulator.fault import answer

FAL_AI = table(
    "huggingface/fal-ai",
    """
fault                       | first attempt   | calls | billed | breaker    | alone         | in company
# the connection
ok                          | drawn           | 1     | 1      | fine       | drawn         | huggingface/fal-ai
hang                        | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/replicate
delay:1                     | unknown_outcome | 1     | 0      | 1 fault    | retry 30      | huggingface/replicate
vanish                      | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/replicate
close                       | unknown_outcome | 1     | 0      | 1 fault    | retry 30      | huggingface/replicate
cut:10                      | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/replicate
refused                     | transient       | 0     | 0      | shut 30    | retry 30      | pollinations/gen
stall:10                    | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/replicate
# the answer
json_200                    | bad_output      | 2     | 1      | fine       | drawn         |
html_200                    | bad_output      | 2     | 1      | fine       | drawn         |
html_502                    | transient       | 2     | 1      | fine       | drawn         |
html_502 x4                 | transient       | 4     | 0      | shut 30    | retry 30      | huggingface/replicate
html_504                    | unknown_outcome | 1     | 0      | 1 fault    | retry 30      | huggingface/replicate
status:409                  | transient       | 2     | 1      | fine       | drawn         |
status:524                  | unknown_outcome | 1     | 0      | 1 fault    | retry 30      | huggingface/replicate
302                         | auth            | 1     | 0      | shut 3600  | release 3600  | huggingface/replicate
503_in_2_s                  | transient       | 2     | 1      | fine       | drawn         |
429_at_once                 | throttled       | 1     | 0      | shut 45    | release 45    | huggingface/replicate
hf_400_not_supported        | gone            | 1     | 0      | shut 21600 | release 21600 | huggingface/replicate
hf_400_not_enabled          | gone            | 1     | 0      | shut 21600 | release 21600 | huggingface/replicate
hf_400_list                 | bad_request     | 1     | 0      | fine       | retry 30      | huggingface/replicate
hf_400_description          | bad_request     | 1     | 0      | fine       | retry 30      | huggingface/replicate
hf_401                      | auth            | 1     | 0      | shut 3600  | release 3600  | pollinations/gen
hf_401_header               | auth            | 1     | 0      | shut 3600  | release 3600  | pollinations/gen
hf_402_depleted             | no_credit       | 1     | 0      | shut 900   | release 900   | pollinations/gen
hf_402_exceeded             | no_credit       | 1     | 0      | shut 900   | release 900   | pollinations/gen
hf_402_provider             | no_credit       | 1     | 0      | shut 900   | release 900   | huggingface/replicate
hf_402_pay_as_you_go        | no_credit       | 1     | 0      | shut 900   | release 900   | huggingface/replicate
402_in_2_s                  | no_credit       | 1     | 0      | shut 900   | release 900   | pollinations/gen
hf_403_permission           | auth            | 1     | 0      | shut 3600  | release 3600  | pollinations/gen
hf_403_gated                | auth            | 1     | 0      | shut 3600  | release 3600  | huggingface/replicate
hf_404                      | gone            | 1     | 0      | shut 21600 | release 21600 | huggingface/replicate
hf_410_retired              | gone            | 1     | 0      | shut 21600 | release 21600 | huggingface/replicate
hf_413                      | bad_request     | 1     | 0      | fine       | retry 30      | huggingface/replicate
hf_424                      | transient       | 2     | 1      | fine       | drawn         |
hf_429                      | throttled       | 1     | 0      | shut 3     | release 5     | huggingface/replicate
hf_429_busy                 | throttled       | 1     | 0      | shut 45    | release 45    | huggingface/replicate
hf_500                      | transient       | 2     | 1      | fine       | drawn         |
hf_503_loading              | loading         | 1     | 0      | shut 36    | release 36    | huggingface/replicate
fal_401                     | auth            | 1     | 0      | shut 3600  | release 3600  | huggingface/replicate
fal_403_locked              | no_credit       | 1     | 0      | shut 900   | release 900   | huggingface/replicate
fal_422_content_policy      | refused         | 1     | 0      | fine       | fail refused  | fail refused
fal_422_value               | bad_request     | 1     | 0      | fine       | retry 30      | huggingface/replicate
fal_422_text                | bad_request     | 1     | 0      | fine       | retry 30      | huggingface/replicate
fal_429                     | throttled       | 1     | 0      | shut 45    | release 45    | huggingface/replicate
fal_500                     | transient       | 2     | 1      | fine       | drawn         |
fal_503_runner              | transient       | 2     | 1      | fine       | drawn         |
fal_504_timeout             | transient       | 2     | 1      | fine       | drawn         |
fal_504_user_timeout        | transient       | 2     | 1      | fine       | drawn         |
# the accepted order
job_failed                  | transient       | 2     | 1      | fine       | drawn         |
job_failed x4               | transient       | 4     | 0      | shut 30    | retry 30      | huggingface/replicate
job_refused                 | refused         | 1     | 0      | fine       | fail refused  | fail refused
job_stuck                   | unknown_outcome | 1     | 0      | shut 30    | retry 30      | huggingface/replicate
html_502 x4 @status         | drawn           | 1     | 1      | fine       | drawn         |
hf_429 x3 @status           | drawn           | 1     | 1      | fine       | drawn         |
poll_404 x3 @status         | drawn           | 1     | 1      | fine       | drawn         |
poll_404 x4 @status         | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/replicate
hf_401 @status              | auth            | 1     | 1      | shut 3600  | release 3600  | pollinations/gen
poll_404 x4 @result         | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/replicate
html_502 x4 @result         | drawn           | 1     | 1      | fine       | drawn         |
fal_200_private_url @result | auth            | 1     | 1      | shut 3600  | release 3600  | huggingface/replicate
fal_200_no_images @result   | bad_output      | 2     | 2      | fine       | drawn         |
# the download
cdn_403 x2 @cdn             | drawn           | 1     | 1      | fine       | drawn         |
cdn_404 x3 @cdn             | drawn           | 1     | 1      | fine       | drawn         |
cdn_404 x12 @cdn            | unknown_outcome | 1     | 1      | shut 30    | retry 30      | huggingface/replicate
cut:10 @cdn                 | drawn           | 1     | 1      | fine       | drawn         |
hang @cdn                   | drawn           | 1     | 1      | fine       | drawn         |
html_200 @cdn               | drawn           | 1     | 1      | fine       | drawn         |
cdn_redirect_private @cdn   | auth            | 1     | 1      | shut 3600  | release 3600  | huggingface/replicate
# the Hub's mapping
html_502 @hub               | drawn           | 1     | 1      | fine       | drawn         |
hf_404 @hub                 | drawn           | 1     | 1      | fine       | drawn         |
# the picture
black                       | bad_output      | 2     | 2      | fine       | drawn         |
black x2                    | bad_output      | 2     | 2      | 2 faults   | retry 30      | huggingface/replicate
uniform                     | bad_output      | 2     | 2      | fine       | drawn         |
empty                       | bad_output      | 2     | 2      | fine       | drawn         |
truncated                   | bad_output      | 2     | 2      | fine       | drawn         |
bomb                        | bad_output      | 2     | 2      | fine       | drawn         |
wrong_size:640x480          | drawn           | 1     | 1      | fine       | drawn         |
webp                        | drawn           | 1     | 1      | fine       | drawn         |
exif                        | drawn           | 1     | 1      | fine       | drawn         |
placeholder                 | drawn           | 1     | 1      | fine       | drawn         |
nsfw                        | refused         | 2     | 2      | fine       | drawn         |
nsfw x2                     | refused         | 2     | 2      | fine       | fail refused  | fail refused
""",
    **{
        "302": answer(302, "", headers={"Location": "http://169.254.169.254/"}),
        "402_in_2_s": answer(
            402, {"error": "You have depleted your monthly included credits."}, headers={"Retry-After": "2"}
        ),
        "429_at_once": answer(429, {"error": "Too Many Requests"}, headers={"Retry-After": "0"}),
        "503_in_2_s": answer(503, {"error": "Service Unavailable"}, headers={"Retry-After": "2"}),
    },
)
