-- What the fingerprints of keys are salted with; of this installation alone.
select key_salt::text as salt
from retrato.installation
