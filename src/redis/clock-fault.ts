/** Milliseconds by which a machine's clock may be wrong before Volt reports it. */
const tolerableClock = 2000;

/** How wrong the clock of a member's machine is; undefined where the difference is small. */
export function clockFault({
  vitals,
}: {
  vitals?: { clockAhead?: number | undefined } | undefined;
}): string | undefined {
  const ahead = vitals?.clockAhead ?? 0;
  if (Math.abs(ahead) <= tolerableClock) return undefined;
  return `its clock is ${(Math.abs(ahead) / 1000).toFixed(1)} s ${ahead > 0 ? 'ahead of' : 'behind'} that of Redis`;
}
