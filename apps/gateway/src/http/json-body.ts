import type { FastifyInstance } from 'fastify';
import { MalformedJson } from './http.errors.js';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads JSON and nothing else: every other content type is refused, text/plain too. An empty body counts as none, for
 * many clients name a content type even where they send nothing.
 */
export function readJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    const text = decode(body);
    // A body may hold a secret, and what is read is not needed twice.
    body.fill(0);
    if (text === null) {
      done(new MalformedJson('the body is not UTF-8'));
      return;
    }
    void parse(request, text, (error, value) => {
      if (error) done(new MalformedJson(error.message));
      else done(null, value);
    });
  });
}

function decode(body: Buffer): string | null {
  try {
    return UTF8.decode(body);
  } catch {
    return null;
  }
}
