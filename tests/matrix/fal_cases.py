"""fal with an account of one's own: the queue, whose orders can be taken back, and the synchronous route."""

from tests.matrix.tables import table

QUEUE = table(
    "fal/queue",
    """
fault                       | first attempt   | calls | billed | breaker   | alone        | in company
# the connection
ok                          | drawn           | 1     | 1      | fine      | drawn        | fal/queue
hang                        | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | fal/run
vanish                      | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | fal/run
close                       | unknown_outcome | 1     | 0      | 1 fault   | retry 30     | fal/run
cut:10                      | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | fal/run
refused                     | transient       | 0     | 0      | shut 30   | retry 30     | fal/run
# the answer
json_200                    | bad_output      | 2     | 1      | fine      | drawn        |
html_502                    | transient       | 2     | 1      | fine      | drawn        |
html_502 x4                 | transient       | 4     | 0      | shut 30   | retry 30     | fal/run
html_504                    | unknown_outcome | 1     | 0      | 1 fault   | retry 30     | fal/run
fal_401                     | auth            | 1     | 0      | shut 3600 | release 3600 | pollinations/gen
fal_403_locked              | no_credit       | 1     | 0      | shut 900  | release 900  | pollinations/gen
fal_403_budget              | no_credit       | 1     | 0      | shut 900  | release 900  | pollinations/gen
fal_403_payment             | no_credit       | 1     | 0      | shut 900  | release 900  | pollinations/gen
fal_403_admin               | no_credit       | 1     | 0      | shut 900  | release 900  | pollinations/gen
fal_422_content_policy      | refused         | 1     | 0      | fine      | fail refused | fail refused
fal_422_value               | bad_request     | 1     | 0      | fine      | retry 30     | fal/run
fal_429                     | throttled       | 1     | 0      | shut 45   | release 45   | pollinations/gen
fal_500                     | transient       | 2     | 1      | fine      | drawn        |
fal_503_runner              | transient       | 2     | 1      | fine      | drawn        |
fal_504_user_timeout        | transient       | 2     | 1      | fine      | drawn        |
# the accepted order
job_failed                  | transient       | 2     | 1      | fine      | drawn        |
job_failed x4               | transient       | 4     | 0      | shut 30   | retry 30     | fal/run
job_refused                 | refused         | 1     | 0      | fine      | fail refused | fail refused
job_stuck                   | unknown_outcome | 1     | 1      | shut 30   | retry 30     | fal/run
job_stuck, html_502 @cancel | unknown_outcome | 1     | 0      | shut 30   | retry 30     | fal/run
job_lost                    | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | fal/run
html_502 x4 @status         | drawn           | 1     | 1      | fine      | drawn        |
poll_404 x4 @status         | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | fal/run
fal_429 x3 @status          | drawn           | 1     | 1      | fine      | drawn        |
fal_401 @status             | auth            | 1     | 1      | shut 3600 | release 3600 | pollinations/gen
poll_404 x4 @result         | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | fal/run
fal_200_private_url @result | auth            | 1     | 1      | shut 3600 | release 3600 | fal/run
fal_200_no_images @result   | bad_output      | 2     | 2      | fine      | drawn        |
# the download
cdn_404 x12 @cdn            | unknown_outcome | 1     | 1      | shut 30   | retry 30     | fal/run
cut:10 @cdn                 | drawn           | 1     | 1      | fine      | drawn        |
html_200 @cdn               | drawn           | 1     | 1      | fine      | drawn        |
cdn_redirect_private @cdn   | auth            | 1     | 1      | shut 3600 | release 3600 | fal/run
# the picture
black                       | bad_output      | 2     | 2      | fine      | drawn        |
black x2                    | bad_output      | 2     | 2      | 2 faults  | retry 30     | fal/run
empty                       | bad_output      | 2     | 2      | fine      | drawn        |
truncated                   | bad_output      | 2     | 2      | fine      | drawn        |
webp                        | drawn           | 1     | 1      | fine      | drawn        |
nsfw                        | refused         | 2     | 2      | fine      | drawn        |
nsfw x2                     | refused         | 2     | 2      | fine      | fail refused | fail refused
""",
)

RUN = table(
    "fal/run",
    """
fault                     | first attempt   | calls | billed | breaker   | alone        | in company
# the connection
ok                        | drawn           | 1     | 1      | fine      | drawn        | fal/run
hang                      | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | fal/queue
vanish                    | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | fal/queue
close                     | unknown_outcome | 1     | 0      | 1 fault   | retry 30     | fal/queue
cut:10                    | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | fal/queue
refused                   | transient       | 0     | 0      | shut 30   | retry 30     | fal/queue
# the answer
json_200                  | bad_output      | 2     | 1      | fine      | drawn        |
html_502                  | transient       | 2     | 1      | fine      | drawn        |
html_502 x4               | transient       | 4     | 0      | shut 30   | retry 30     | fal/queue
fal_401                   | auth            | 1     | 0      | shut 3600 | release 3600 | pollinations/gen
fal_403_locked            | no_credit       | 1     | 0      | shut 900  | release 900  | pollinations/gen
fal_422_content_policy    | refused         | 1     | 0      | fine      | fail refused | fail refused
fal_422_value             | bad_request     | 1     | 0      | fine      | retry 30     | fal/queue
fal_429                   | throttled       | 1     | 0      | shut 45   | release 45   | pollinations/gen
fal_500                   | transient       | 2     | 1      | fine      | drawn        |
fal_503_runner            | transient       | 2     | 1      | fine      | drawn        |
fal_504_user_timeout      | transient       | 2     | 1      | fine      | drawn        |
fal_200_private_url       | auth            | 1     | 0      | shut 3600 | release 3600 | fal/queue
fal_200_no_images         | bad_output      | 2     | 1      | fine      | drawn        |
# the accepted order
job_refused               | refused         | 1     | 0      | fine      | fail refused | fail refused
# the download
cdn_404 x3 @cdn           | unknown_outcome | 1     | 1      | 1 fault   | retry 30     | fal/queue
cut:10 @cdn               | drawn           | 1     | 1      | fine      | drawn        |
html_200 @cdn             | drawn           | 1     | 1      | fine      | drawn        |
cdn_redirect_private @cdn | auth            | 1     | 1      | shut 3600 | release 3600 | fal/queue
# the picture
black                     | bad_output      | 2     | 2      | fine      | drawn        |
black x2                  | bad_output      | 2     | 2      | 2 faults  | retry 30     | fal/queue
empty                     | bad_output      | 2     | 2      | fine      | drawn        |
truncated                 | bad_output      | 2     | 2      | fine      | drawn        |
exif                      | drawn           | 1     | 1      | fine      | drawn        |
nsfw                      | refused         | 2     | 2      | fine      | drawn        |
nsfw x2                   | refused         | 2     | 2      | fine      | fail refused | fail refused
""",
)
