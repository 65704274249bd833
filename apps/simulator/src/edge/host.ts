/** The name in a `Host` header, lower-cased and without its port: it stands for the access region of a call. */
export function hostName(hostHeader: string | undefined): string {
  return (hostHeader ?? '').trim().toLowerCase().replace(/:\d+$/, '');
}
