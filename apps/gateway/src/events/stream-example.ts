const EVENT = {
  specversion: '1.0',
  id: 'evt_01h455vb4pex5vsknk084sn02q',
  source: '/accounts/acc_01h455vb4pex5vsknk084sn02q',
  type: 'image_request.succeeded',
  subject: 'ireq_01h455vb4pex5vsknk084sn02q',
  time: '2026-01-02T03:04:05.006Z',
  datacontenttype: 'application/json',
  sequence: 42,
  data: { imageRequest: { id: 'ireq_01h455vb4pex5vsknk084sn02q', status: 'succeeded' } },
};

/** What the document shows of a stream. */
export const STREAM_EXAMPLE = `retry: 3000

id: ${EVENT.id}
event: ${EVENT.type}
data: ${JSON.stringify(EVENT)}

: keep-alive

`;
