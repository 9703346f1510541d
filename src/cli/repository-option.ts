import type { Command } from 'commander';
import { VoltError } from '../kernel/errors.ts';
import { withCommandsAsTyped } from './invocation.ts';
import { plain } from './terminal.ts';

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

/** The sentence for an empty list. @param command of `volt`, which lists those of one repository with `ls --repo` */
export function noneFor(options: ScopeOptions, what: string, command: string): string {
  if (options.repo !== undefined) return `no ${what} for ${scopeWords(options)}`;
  return withCommandsAsTyped(`no ${what} for all repositories; \`volt ${command} ls --repo NAME\` lists those of one`);
}
