"""A server that speaks OpenAI's images API: nothing to resume, and nothing that knows an order again."""

from tests.matrix.tables import table

from retrato.simulator.fault import answer

COMPATIBLE = table(
    "openai/compatible",
    """
fault                        | first attempt   | calls | billed | breaker    | alone         | in company
# the connection
ok                           | drawn           | 1     | 1      | fine       | drawn         | openai/compatible
hang                         | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | pollinations/gen
vanish                       | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | pollinations/gen
close                        | unknown_outcome | 1     | 0      | 1 fault    | retry 30      | pollinations/gen
cut:10                       | unknown_outcome | 1     | 1      | 1 fault    | retry 30      | pollinations/gen
refused                      | transient       | 0     | 0      | shut 30    | retry 30      | pollinations/gen
silent                       | transient       | 0     | 0      | shut 30    | retry 30      | pollinations/gen
# the answer
json_200                     | bad_output      | 2     | 1      | fine       | drawn         |
html_502                     | transient       | 2     | 1      | fine       | drawn         |
html_502 x4                  | transient       | 4     | 0      | shut 30    | retry 30      | pollinations/gen
openai_200_empty             | refused         | 1     | 0      | fine       | fail refused  | fail refused
openai_400_moderation        | refused         | 1     | 0      | fine       | fail refused  | fail refused
openai_400_content_policy    | refused         | 1     | 0      | fine       | fail refused  | fail refused
openai_400_unknown_parameter | auth            | 1     | 0      | shut 3600  | release 3600  | pollinations/gen
openai_400_value             | bad_request     | 1     | 0      | fine       | retry 30      | pollinations/gen
openai_401                   | auth            | 1     | 0      | shut 3600  | release 3600  | pollinations/gen
openai_403_unverified        | auth            | 1     | 0      | shut 3600  | release 3600  | pollinations/gen
openai_404_model             | gone            | 1     | 0      | shut 21600 | release 21600 | pollinations/gen
openai_429_rate              | throttled       | 1     | 0      | shut 12    | release 12    | pollinations/gen
openai_429_quota             | no_credit       | 1     | 0      | shut 900   | release 900   | pollinations/gen
openai_429_billing           | no_credit       | 1     | 0      | shut 900   | release 900   | pollinations/gen
openai_429_spend             | no_credit       | 1     | 0      | shut 900   | release 900   | pollinations/gen
openai_500                   | transient       | 2     | 1      | fine       | drawn         |
openrouter_200_error         | throttled       | 1     | 0      | shut 45    | release 45    | pollinations/gen
# the picture
black                        | bad_output      | 2     | 2      | fine       | drawn         |
black x2                     | bad_output      | 2     | 2      | 2 faults   | retry 30      | pollinations/gen
empty                        | bad_output      | 2     | 2      | fine       | drawn         |
truncated                    | bad_output      | 2     | 2      | fine       | drawn         |
bomb                         | bad_output      | 2     | 2      | fine       | drawn         |
wrong_size:640x480           | drawn           | 1     | 1      | fine       | drawn         |
webp                         | drawn           | 1     | 1      | fine       | drawn         |
exif                         | drawn           | 1     | 1      | fine       | drawn         |
""",
    openai_400_value=answer(
        400,
        {
            "error": {
                "message": "Invalid value: '1000x1000'.",
                "type": "invalid_request_error",
                "param": "size",
                "code": "invalid_value",
            }
        },
    ),
)
