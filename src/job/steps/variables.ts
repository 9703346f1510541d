import { arch, platform } from 'node:os';
import type { Json } from '../../workflow/template.ts';

/** Entries of the `github` context that become variables, from GitHub's runner (`GitHubContext.cs`). */
const shared = [
  ...['action', 'action_path', 'action_ref', 'action_repository', 'actor', 'actor_id', 'api_url', 'base_ref'],
  ...['event_name', 'event_path', 'graphql_url', 'head_ref', 'job', 'ref', 'ref_name', 'ref_protected', 'ref_type'],
  ...['repository', 'repository_id', 'repository_owner', 'repository_owner_id', 'retention_days', 'run_attempt'],
  ...['run_id', 'run_number', 'server_url', 'sha', 'triggering_actor', 'workflow', 'workflow_ref', 'workflow_sha'],
  'workspace',
] as const;

export function githubVariables(github: { readonly [key: string]: Json }): Record<string, string> {
  const variables: Record<string, string> = { GITHUB_ACTIONS: 'true' };
  for (const key of shared) {
    const value = github[key];
    if (value !== undefined && value !== null && typeof value !== 'object')
      variables[`GITHUB_${key.toUpperCase()}`] = String(value);
  }
  return variables;
}

export function runnerContext(runner: {
  name: string;
  temp: string;
  toolCache: string;
  workspace: string;
  debug: boolean;
}): Record<string, Json> {
  const systems: Partial<Record<NodeJS.Platform, string>> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };
  const architectures: Record<string, string> = { x64: 'X64', ia32: 'X86', arm64: 'ARM64', arm: 'ARM' };
  return {
    name: runner.name,
    os: systems[platform()] ?? platform(),
    arch: architectures[arch()] ?? arch(),
    environment: 'self-hosted',
    temp: runner.temp,
    tool_cache: runner.toolCache,
    workspace: runner.workspace,
    ...(runner.debug ? { debug: '1' } : {}),
  };
}

export function runnerVariables(runner: { readonly [key: string]: Json }): Record<string, string> {
  return Object.fromEntries(
    Object.entries(runner).map(([key, value]) => [`RUNNER_${key.toUpperCase()}`, String(value)]),
  );
}

/** The variable in which an action finds an input. */
export function inputVariable(name: string): string {
  return `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`;
}
