/** Words for the tenant, by the error's code. Nothing else of an error is shown: messages name addresses of ours. */
const WORDS: Readonly<Record<string, string>> = {
  ADDRESS_REFUSED: 'the name leads to a private, local or reserved address, which may not be called',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while the request was being sent',
  ENOTFOUND: 'the name could not be resolved',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer is shorter or longer than it says',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is signed by an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
};

/** Why there was no complete answer, with the code that a search engine knows. */
export function describeSendError(error: unknown, timeoutMs: number): string {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  if (name === 'TimeoutError') return `no complete answer within ${timeoutMs} ms`;
  if (name === 'HTTPParserError') return 'the answer is not valid HTTP';
  if (typeof code !== 'string') return 'the request failed';
  return `${WORDS[code] ?? (code.startsWith('ERR_SSL_') ? 'the TLS handshake failed' : 'the request failed')} (${code})`;
}
