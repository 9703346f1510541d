/** Milliseconds of each unit. */
const units = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * The time that a person means by an age such as `90m`, `2h` or `7d`, or by a date such as `2026-01-31` or
 * `2026-01-31T12:00Z`.
 * @param now milliseconds since 1970
 * @returns milliseconds since 1970; undefined for any other text
 */
export function parseSince(text: string, now: number): number | undefined {
  const given = text.trim().slice(0, 50);
  const [, count, unit] = /^(\d{1,6}) ?(s|min|m|h|d|w)$/.exec(given) ?? [];
  if (count !== undefined && unit !== undefined)
    return Math.max(0, now - Number(count) * units[unit as keyof typeof units]);
  const date = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(given) ? Date.parse(given) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}
