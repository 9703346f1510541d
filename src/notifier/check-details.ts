import type { CheckDetails } from '../forge/forge.ts';
import { isFinal, statusWords } from '../kernel/model.ts';
import type { Database } from '../record/database.ts';
import type { DueStatus } from '../record/due-statuses.ts';
import { type ReportedJob, type StatusDetails, statusDetails } from '../record/status-details.ts';

/** The most jobs that are listed; the rest are counted. */
const mostJobs = 50;
/** Characters of a text from a job or a commit. */
const longestText = 300;

/** What a check shows of a build, or of a part of it, beside its status. @param url page of the build */
export async function checkDetails(
  database: Pick<Database, 'db'>,
  due: DueStatus,
  { forge, url }: { forge: string; url: string },
): Promise<CheckDetails> {
  const details = await statusDetails(database, due, forge);
  const isPending = due.state === 'pending';
  return {
    id: `${due.build}.${due.round}`,
    startedAt: isPending && !due.isRunning ? null : details.startedAt,
    finishedAt: isPending ? null : details.finishedAt,
    summary: summaryOf(details, url),
    annotations: isPending ? [] : details.annotations,
  };
}

/** Markdown; those jobs first that did not succeed. */
function summaryOf({ jobs }: StatusDetails, url: string): string {
  const link = `[All jobs and their logs](${url})`;
  const ended = jobs.filter(({ status }) => isFinal(status));
  const [good, bad] = [true, false].map((isGood) => ended.filter(({ status }) => (status === 'success') === isGood));
  const shown = [...(bad ?? []), ...(good ?? [])].slice(0, mostJobs);
  if (shown.length === 0) return link;
  const more = jobs.length - shown.length;
  const rows = shown.map((job) => `| ${code(nameOf(job))} | ${statusWords[job.status]} | ${code(whyOf(job))} |`);
  const rest = more > 0 ? [`and ${more} more`, ''] : [];
  return ['| job | status | reason |', '|---|---|---|', ...rows, '', ...rest, link].join('\n');
}

function nameOf({ workflow, name }: ReportedJob): string {
  return workflow === null ? name : `${workflow} / ${name}`;
}

function whyOf({ status, message, reason }: ReportedJob): string {
  return status === 'success' ? '' : (message ?? reason?.replaceAll('_', ' ') ?? '');
}

/** Foreign text as code, in which no markup, link or mention works. */
function code(text: string): string {
  const plain = text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replaceAll('`', "'")
    .trim();
  // GitHub ends a cell of a table at such a line, in code, too
  return plain === '' ? '' : `\`${[...plain].slice(0, longestText).join('').replaceAll('|', '¦')}\``;
}
