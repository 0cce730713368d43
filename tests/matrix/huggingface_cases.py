"""The router's other partners, and a dedicated endpoint, which is paid by the hour: what it bills costs 0."""

from tests.matrix.tables import table

from retrato.simulator.fault import answer

REPLICATE = table(
    "huggingface/replicate",
    """
fault                     | first attempt   | calls | billed | breaker    | alone         | in company
# the connection
ok                        | drawn           | 1     | 1      | fine       | drawn         | huggingface/replicate
hang                      | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
vanish                    | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
close                     | unknown_outcome | 1     | 0      | 1 fault    | retry 30      | huggingface/fal-ai
cut:10                    | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
# the answer
json_200                  | bad_output      | 2     | 1      | fine       | drawn         |
html_502                  | transient       | 2     | 1      | fine       | drawn         |
html_502 x4               | transient       | 4     | 0      | shut 30    | retry 30      | huggingface/fal-ai
html_504                  | unknown_outcome | 1     | 0      | 1 fault    | retry 30      | huggingface/fal-ai
hf_401                    | auth            | 1     | 0      | shut 3600  | release 3600  | pollinations/gen
hf_402_depleted           | no_credit       | 1     | 0      | shut 900   | release 900   | pollinations/gen
hf_402_provider           | no_credit       | 1     | 0      | shut 900   | release 900   | huggingface/fal-ai
hf_410_retired            | gone            | 1     | 0      | shut 21600 | release 21600 | huggingface/fal-ai
hf_429                    | throttled       | 1     | 0      | shut 3     | release 5     | huggingface/fal-ai
hf_503_loading            | loading         | 1     | 0      | shut 36    | release 36    | huggingface/fal-ai
replicate_402             | no_credit       | 1     | 0      | shut 900   | release 900   | huggingface/fal-ai
replicate_422             | bad_request     | 1     | 0      | fine       | retry 30      | huggingface/fal-ai
replicate_429             | throttled       | 1     | 0      | shut 10    | release 10    | huggingface/fal-ai
replicate_429_bare        | throttled       | 1     | 0      | shut 30    | release 30    | huggingface/fal-ai
# the accepted order
job_failed x4             | transient       | 4     | 0      | shut 30    | retry 30      | huggingface/fal-ai
late                      | drawn           | 1     | 1      | fine       | drawn         |
late, job_stuck           | unknown_outcome | 1     | 0      | shut 30    | retry 30      | huggingface/fal-ai
late, job_lost            | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | huggingface/fal-ai
late, job_failed          | transient       | 2     | 1      | fine       | drawn         |
late, hf_429 x3 @poll     | drawn           | 1     | 1      | fine       | drawn         |
late, hf_401 @poll        | auth            | 1     | 1      | shut 3600  | release 3600  | pollinations/gen
late, hang @poll          | drawn           | 1     | 1      | fine       | drawn         |
# the download
cdn_403 x3 @cdn           | drawn           | 1     | 1      | fine       | drawn         |
cdn_404 x12 @cdn          | unknown_outcome | 1     | 1      | shut 30    | retry 30      | huggingface/fal-ai
html_200 @cdn             | drawn           | 1     | 1      | fine       | drawn         |
cdn_redirect_private @cdn | auth            | 1     | 1      | shut 3600  | release 3600  | huggingface/fal-ai
# the picture
black                     | bad_output      | 2     | 2      | fine       | drawn         |
black x2                  | bad_output      | 2     | 2      | 2 faults   | retry 30      | huggingface/fal-ai
empty                     | bad_output      | 2     | 2      | fine       | drawn         |
truncated                 | bad_output      | 2     | 2      | fine       | drawn         |
wrong_size:640x480        | drawn           | 1     | 1      | fine       | drawn         |
webp                      | drawn           | 1     | 1      | fine       | drawn         |
nsfw                      | refused         | 2     | 2      | fine       | drawn         |
nsfw x2                   | refused         | 2     | 2      | fine       | fail refused  | fail refused
""",
)

WAVESPEED = table(
    "huggingface/wavespeed",
    """
fault                     | first attempt   | calls | billed | breaker   | alone        | in company
# the connection
ok                        | drawn           | 1     | 1      | fine      | drawn        | huggingface/wavespeed
hang                      | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | huggingface/fal-ai
vanish                    | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | huggingface/fal-ai
close                     | unknown_outcome | 1     | 0      | 1 fault   | retry 30     | huggingface/fal-ai
cut:10                    | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | huggingface/fal-ai
# the answer
json_200                  | bad_output      | 2     | 1      | fine      | drawn        |
html_502                  | transient       | 2     | 1      | fine      | drawn        |
html_502 x4               | transient       | 4     | 0      | shut 30   | retry 30     | huggingface/fal-ai
hf_401                    | auth            | 1     | 0      | shut 3600 | release 3600 | pollinations/gen
hf_402_depleted           | no_credit       | 1     | 0      | shut 900  | release 900  | pollinations/gen
hf_402_provider           | no_credit       | 1     | 0      | shut 900  | release 900  | huggingface/fal-ai
hf_429                    | throttled       | 1     | 0      | shut 3    | release 5    | huggingface/fal-ai
hf_503_loading            | loading         | 1     | 0      | shut 36   | release 36   | huggingface/fal-ai
wavespeed_401             | auth            | 1     | 0      | shut 3600 | release 3600 | huggingface/fal-ai
wavespeed_429             | throttled       | 1     | 0      | shut 45   | release 45   | huggingface/fal-ai
wavespeed_200_429         | throttled       | 1     | 0      | shut 45   | release 45   | huggingface/fal-ai
wavespeed_200_500         | transient       | 2     | 1      | fine      | drawn        |
# the accepted order
job_failed x4             | transient       | 4     | 0      | shut 30   | retry 30     | huggingface/fal-ai
job_stuck                 | unknown_outcome | 1     | 0      | shut 30   | retry 30     | huggingface/fal-ai
job_lost                  | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | huggingface/fal-ai
html_502 x4 @poll         | drawn           | 1     | 1      | fine      | drawn        |
hf_429 x3 @poll           | drawn           | 1     | 1      | fine      | drawn        |
poll_404 x4 @poll         | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | huggingface/fal-ai
json_200 @poll            | drawn           | 1     | 1      | fine      | drawn        |
hf_401 @poll              | auth            | 1     | 1      | shut 3600 | release 3600 | pollinations/gen
# the download
cdn_404 x12 @cdn          | unknown_outcome | 1     | 1      | shut 30   | retry 30     | huggingface/fal-ai
html_200 @cdn             | drawn           | 1     | 1      | fine      | drawn        |
cdn_redirect_private @cdn | auth            | 1     | 1      | shut 3600 | release 3600 | huggingface/fal-ai
# the picture
black                     | bad_output      | 2     | 2      | fine      | drawn        |
black x2                  | bad_output      | 2     | 2      | 2 faults  | retry 30     | huggingface/fal-ai
empty                     | bad_output      | 2     | 2      | fine      | drawn        |
truncated                 | bad_output      | 2     | 2      | fine      | drawn        |
wrong_size:640x480        | drawn           | 1     | 1      | fine      | drawn        |
webp                      | drawn           | 1     | 1      | fine      | drawn        |
nsfw                      | refused         | 2     | 2      | fine      | drawn        |
nsfw x2                   | refused         | 2     | 2      | fine      | fail refused | fail refused
""",
    wavespeed_200_429=answer(200, {"code": 429, "message": "Too many requests"}),
    wavespeed_200_500=answer(200, {"code": 500, "message": "internal error"}),
)

ENDPOINT = table(
    "huggingface/endpoint",
    """
fault              | first attempt   | calls | billed | breaker    | alone         | in company
# the connection
ok                 | drawn           | 1     | 1      | fine       | drawn         | huggingface/endpoint
vanish             | unknown_outcome | 2     | 2      | fine       | drawn         |
close              | unknown_outcome | 2     | 1      | fine       | drawn         |
cut:10             | unknown_outcome | 2     | 2      | fine       | drawn         |
refused            | transient       | 0     | 0      | shut 30    | retry 30      | huggingface/fal-ai
silent             | transient       | 0     | 0      | shut 30    | retry 30      | huggingface/fal-ai
# the answer
json_200           | bad_output      | 2     | 1      | fine       | drawn         |
html_200           | bad_output      | 2     | 1      | fine       | drawn         |
html_502           | transient       | 2     | 1      | fine       | drawn         |
html_502 x4        | transient       | 4     | 0      | shut 30    | retry 30      | huggingface/fal-ai
html_503           | loading         | 1     | 0      | shut 20    | release 20    | huggingface/fal-ai
html_504           | unknown_outcome | 2     | 1      | fine       | drawn         |
hf_400_list        | bad_request     | 1     | 0      | fine       | retry 30      | huggingface/fal-ai
hf_401             | auth            | 1     | 0      | shut 3600  | release 3600  | huggingface/fal-ai
hf_402_depleted    | no_credit       | 1     | 0      | shut 900   | release 900   | huggingface/fal-ai
hf_403_gated       | auth            | 1     | 0      | shut 3600  | release 3600  | huggingface/fal-ai
hf_404             | gone            | 1     | 0      | shut 21600 | release 21600 | huggingface/fal-ai
hf_413             | bad_request     | 1     | 0      | fine       | retry 30      | huggingface/fal-ai
hf_424             | transient       | 2     | 1      | fine       | drawn         |
hf_429             | throttled       | 1     | 0      | shut 3     | release 5     | huggingface/fal-ai
hf_500             | transient       | 2     | 1      | fine       | drawn         |
hf_503             | loading         | 1     | 0      | shut 20    | release 20    | huggingface/fal-ai
hf_503_loading     | loading         | 1     | 0      | shut 36    | release 36    | huggingface/fal-ai
endpoint_paused    | loading         | 1     | 0      | shut 20    | release 20    | huggingface/fal-ai
# the picture
black              | bad_output      | 2     | 2      | fine       | drawn         |
black x2           | bad_output      | 2     | 2      | 2 faults   | retry 30      | huggingface/fal-ai
empty              | bad_output      | 2     | 2      | fine       | drawn         |
truncated          | bad_output      | 2     | 2      | fine       | drawn         |
bomb               | bad_output      | 2     | 2      | fine       | drawn         |
wrong_size:640x480 | drawn           | 1     | 1      | fine       | drawn         |
webp               | drawn           | 1     | 1      | fine       | drawn         |
""",
    endpoint_paused=answer(400, {"error": "Bad Request: The endpoint is paused, ask a maintainer to restart it"}),
)
