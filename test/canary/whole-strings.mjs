/**
 * Loaded into the processes of the canary run before anything else: a heap snapshot cuts strings off after a thousand
 * characters, and a secret may stand behind that in a body.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--heap-snapshot-string-limit=4000000');
