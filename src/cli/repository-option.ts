import type { Command } from 'commander';

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
