-- Otherwise any role that sees the schema could start paid work.
revoke execute on all functions in schema retrato from public;
