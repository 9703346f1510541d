import { type ErrorCode, VoltError } from '../kernel/errors.ts';

/**
 * Errors that no further attempt changes, on whatever runner. Not among them: a server that does not answer or breaks
 * off a transfer may be back; a refused login may concern one machine; a missing commit may still be on its way to the
 * server.
 */
const codes: readonly ErrorCode[] = ['address_refused', 'bad_url', 'bad_ref', 'bad_name'];

/** How git says that there is no such repository, and Volt that it has no such branch or tag. */
const absent =
  /repository '?[^'\n]*'? not found|Repository not found|does not appear to be a git repository|access denied or repository not exported|project you were looking for could not be found|couldn't find remote ref|has no branch or tag/i;
/** How servers say that they do not have a commit. */
const unknown = /not our ref|want \S+ not valid|is not the id of a commit/;

/** What registries say of an image that they do not have, or not for this job; and that nothing names one. */
const noImage =
  /manifest unknown|name unknown|not found|denied|unauthorized|authentication required|VOLT_IMAGE_PULL|nothing names an image/i;

/** Whether the next attempt would end with the same error. */
export function isPermanent(error: unknown): boolean {
  if (!(error instanceof VoltError)) return false;
  if (codes.includes(error.code) || absent.test(error.message)) return true;
  if (error.code === 'action_unavailable' && unknown.test(error.message)) return true;
  if (error.code === 'image_unavailable' && noImage.test(error.message)) return true;
  return isPermanent(error.cause);
}
