/** The descriptor of an open stream, to which other threads can write while it is open; undefined where there is none. */
export function streamDescriptor(stream: unknown): number | undefined {
  // Node has no public API for it
  const fd = (stream as { _handle?: { fd?: number } } | null)?._handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
