const THREADS = '64';

/**
 * Node looks names up in four threads, each blocked for as long as a name's servers take to answer: four endpoints with
 * slow name servers would hold up every other one. To be called before the process does anything else; what the operator
 * has set stands.
 */
export function widenThreadPool(): void {
  process.env['UV_THREADPOOL_SIZE'] ||= THREADS;
}
