export { CloudClient } from './cloud-client.js';
export type { CloudTarget } from './cloud-client.js';
export type { CloudImage, TemporaryCredential } from './cloud-image.js';
export type { CreateImageCall } from './create-image-call.js';
export { Endpoints, STS_REGION } from './endpoints.js';
export { classify, CREDENTIAL_REJECTIONS, parseRateRefusal, rateScope, rejectsCredential } from './classify.js';
export type { CreateImageOutcome, ReadOutcome } from './outcomes.js';
