import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { asTyped } from '../kernel/invocation.ts';
import type { secretList } from '../web/schemas/secrets.ts';
import type { Answer } from './client.ts';
import { plain, print } from './terminal.ts';

/** Options of the commands that manage secrets or variables of one repository, of an environment of it, or of all repositories. */
export interface ScopeOptions {
  repo?: string;
  environment?: string;
  json?: boolean;
}

export function scopeOption(command: Command): Command {
  return command
    .option('--repo <name>', 'for this repository, else for all repositories')
    .option('--environment <name>', 'with --repo: only for jobs that name this environment');
}

/** The path prefix in the API. @throws VoltError `usage` for an environment without its repository */
export function scopePath({ repo, environment }: ScopeOptions): string {
  if (repo === undefined && environment !== undefined) {
    throw new VoltError('usage', '--environment needs --repo', { remedy: 'Name the repository with --repo.' });
  }
  const path = repo === undefined ? '' : `/repos/${encodeURIComponent(repo)}`;
  return environment === undefined ? path : `${path}/environments/${encodeURIComponent(environment)}`;
}

export function scopeWords({ repo, environment }: ScopeOptions): string {
  if (environment !== undefined) return `${plain(environment)} of ${repo}`;
  return repo === undefined ? 'all repositories' : repo;
}

/** The sentence for an empty list. */
export function noneFor(options: ScopeOptions, what: string): string {
  return `no ${what} for ${scopeWords(options)}`;
}

/** Prints who else has some, below the list of those for all repositories. @param command that lists theirs */
export function printElsewhere(elsewhere: Answer<typeof secretList>['elsewhere'], command: string): void {
  if (!elsewhere || elsewhere.length === 0) return;
  const width = Math.max(...elsewhere.map(({ count }) => String(count).length));
  print('\nothers:');
  for (const { repo, environment, count } of elsewhere) {
    const scope = environment === null ? '' : ` --environment ${plain(environment)}`;
    print(`  ${String(count).padStart(width)}  ${asTyped(`volt ${command} ls --repo ${repo}${scope}`)}`);
  }
}
