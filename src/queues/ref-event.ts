import type { BuildEvent } from './messages.ts';

/** The event of a branch or tag that was made or deleted, with GitHub's payload. @param ref its full name */
export function refEvent(event: 'create' | 'delete', ref: string, defaultBranch: string | null): BuildEvent {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? ['', 'heads', ref];
  const payload = { ref: name, ref_type: kind === 'tags' ? 'tag' : 'branch', pusher_type: 'user' };
  return { name: 'forge', event, action: null, payload: { ...payload, master_branch: defaultBranch ?? '' } };
}
