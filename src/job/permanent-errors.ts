import { type ErrorCode, VoltError } from '../kernel/errors.ts';

/**
 * What no further attempt changes, on whatever runner. A server that does not answer, or breaks a transfer off, is not told
 * from one that will be back; a login that is refused may be that of one machine; a commit that is not there may be on its way
 * to that server.
 */
const codes: readonly ErrorCode[] = ['address_refused', 'bad_url', 'bad_ref', 'bad_name'];

/** As git says that there is no such repository, and Volt that it has no such branch or tag. */
const absent =
  /repository '?[^'\n]*'? not found|Repository not found|does not appear to be a git repository|access denied or repository not exported|project you were looking for could not be found|couldn't find remote ref|has no branch or tag/i;
/** As servers say that they do not have what is named by its id. */
const unknown = /not our ref|want \S+ not valid|is not the id of a commit/;

/** Whether an error says that the next attempt would come to the same. */
export function isPermanent(error: unknown): boolean {
  if (!(error instanceof VoltError)) return false;
  if (codes.includes(error.code) || absent.test(error.message)) return true;
  if (error.code === 'action_unavailable' && unknown.test(error.message)) return true;
  return isPermanent(error.cause);
}
