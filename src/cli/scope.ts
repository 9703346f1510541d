import type { Command } from 'commander';

/** Options of the commands that work on what belongs to one repository or to all of them. */
export interface ScopeOptions {
  repo?: string;
  json?: boolean;
}

export function scopeOption(command: Command): Command {
  return command.option('--repo <name>', 'for this repository; else for all of them');
}

/** Where the API has what is of that scope. */
export function scopePath({ repo }: ScopeOptions): string {
  return repo === undefined ? '' : `/repos/${encodeURIComponent(repo)}`;
}

export function scopeWords({ repo }: ScopeOptions): string {
  return repo === undefined ? 'all repositories' : repo;
}
