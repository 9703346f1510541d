/** What a stage of this process has logged as a warning or an error since it started. */
export interface Complaints {
  count: number;
  last: { at: string; level: string; message: string } | null;
}

/** A message is kept up to this length: it goes along with every heartbeat. */
const longest = 300;

const complaints = new Map<string, Complaints>();

/** Is told of every line that is logged as a warning or an error. */
export function noteComplaint(stage: string, level: string, message: string): void {
  const count = (complaints.get(stage)?.count ?? 0) + 1;
  complaints.set(stage, { count, last: { at: new Date().toISOString(), level, message: message.slice(0, longest) } });
}

export function complaintsOf(stage: string): Complaints {
  return complaints.get(stage) ?? { count: 0, last: null };
}
