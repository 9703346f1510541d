import type { Approval, Build, BuildRequest } from '../kernel/model.ts';
import { plain } from './terminal.ts';
import { ago } from './times.ts';

/** Who has asked for what of a build, for the terminal. */

/** The most cancellations and retries that are told of one build. */
const mostRequests = 5;

/** Who has started a build; undefined if nobody but a commit or a rule has. */
export function startedBy({ requests }: Build): string | undefined {
  const started = requests.find(({ kind }) => kind === 'trigger');
  return started && nameOf(started);
}

/** Who has cancelled and retried a build or jobs of it, and who has let it run. */
export function requestLines({ requests, approval, jobs }: Build): string[] {
  const later = requests.filter(({ kind }) => kind !== 'trigger').slice(-mostRequests);
  const decision = approvalText(approval);
  return [
    ...(decision === undefined ? [] : [decision]),
    ...later.map((request) => {
      const job = jobs.find(({ id }) => id === request.job);
      const what = job ? ` ${plain(job.name)}` : '';
      return `${request.kind === 'retry' ? 'retried' : 'cancelled'}${what} by ${nameOf(request)} ${ago(request.at)}`;
    }),
  ];
}

/** Who has approved or declined; undefined if nobody has. */
export function approvalText(approval: Approval | null): string | undefined {
  const { decision, by, at, comment } = approval ?? {};
  if (!decision || !by || !at) return undefined;
  return `${decision} by ${plain(by)} ${ago(at)}${comment ? `: ${plain(comment)}` : ''}`;
}

function nameOf({ by, displayName }: BuildRequest): string {
  return personText(by, displayName);
}

/**
 * The display name of a person and the name that commands take, or the name of a token.
 * @param displayName null for a token, which has none
 */
export function personText(name: string, displayName: string | null): string {
  return plain(displayName === null || displayName === name ? name : `${displayName} (${name})`);
}

/** The author as the commit says, and the person who has the author's address. */
export function authorText({ author, person }: Build): string {
  if (person === null) return plain(author);
  const name = personText(person.name, person.displayName);
  return author === person.displayName ? name : `${name}, as ${plain(author)}`;
}
