import type { Command } from 'commander';
import { withCommandsAsTyped } from './invocation.ts';

/** Options of the commands that manage secrets or variables of one repository or of all. */
export interface ScopeOptions {
  repo?: string;
  json?: boolean;
}

export function scopeOption(command: Command): Command {
  return command.option('--repo <name>', 'for this repository, else for all repositories');
}

/** The path prefix in the API. */
export function scopePath({ repo }: ScopeOptions): string {
  return repo === undefined ? '' : `/repos/${encodeURIComponent(repo)}`;
}

export function scopeWords({ repo }: ScopeOptions): string {
  return repo === undefined ? 'all repositories' : repo;
}

/** The sentence for an empty list. @param command of `volt`, which lists those of one repository with `ls --repo` */
export function noneFor({ repo }: ScopeOptions, what: string, command: string): string {
  if (repo !== undefined) return `no ${what} for ${repo}`;
  return withCommandsAsTyped(`no ${what} for all repositories; \`volt ${command} ls --repo NAME\` lists those of one`);
}
