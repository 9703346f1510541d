import { errorText } from '../../kernel/errors.ts';
import { fullImageName } from '../../workflow/containers/image-name.ts';
import { StepFault } from '../fault.ts';

/** The action that the `uses` of a step names. */
export type ActionReference =
  /** a folder of the workspace */
  | { kind: 'local'; path: string }
  /** `$/path`: a folder of the repository that contains the step, at the same commit */
  | { kind: 'self'; path: string }
  /** `docker://name`, by its full name */
  | { kind: 'image'; image: string }
  /** a folder of another repository, at one of its refs */
  | RemoteAction;

/** The same after `$/` is resolved to another repository, or to the built one at its commit. */
export type ResolvedReference = Exclude<ActionReference, { kind: 'self' }> | { kind: 'own'; path: string };

export interface RemoteAction {
  kind: 'remote';
  /** `owner/name` */
  repository: string;
  /** below the repository's root; empty for the root itself */
  path: string;
  /** branch, tag or commit id */
  ref: string;
}

const name = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;
/** No part of a path leads upwards, and no action is in git's own folder. */
const part = /^(?!\.{1,2}$)(?!\.git$)[^\\\p{Cc}]{1,255}$/iu;

/** @throws StepFault if it is not a reference */
export function parseReference(uses: string): ActionReference {
  if (uses.startsWith('docker://')) return { kind: 'image', image: imageOf(uses) };
  if (uses.startsWith('./') || uses === '.')
    return { kind: 'local', path: pathIn(uses, 'the path must stay inside the workspace') };
  if (uses.startsWith('$/'))
    return { kind: 'self', path: pathIn(uses.slice(1), 'the path must stay inside the repository') };
  const at = uses.indexOf('@');
  const ref = uses.slice(at + 1);
  if (at < 0 || ref === '')
    throw invalid(uses, 'it must end with @ and a branch, a tag or a commit, as in actions/cache@v4');
  const [owner = '', repository = '', ...path] = uses
    .slice(0, at)
    .split('/')
    .filter((one, index) => one !== '' || index < 2);
  if (!name.test(owner) || !name.test(repository) || !path.every((one) => part.test(one))) {
    throw invalid(uses, 'it must be owner/repository@ref, owner/repository/path@ref, $/path or ./path');
  }
  return { kind: 'remote', repository: `${owner}/${repository}`, path: path.join('/'), ref };
}

function imageOf(uses: string): string {
  try {
    return fullImageName(uses);
  } catch (error) {
    throw new StepFault(errorText(error));
  }
}

function pathIn(uses: string, rule: string): string {
  const parts = uses.split('/').filter((one) => one !== '' && one !== '.');
  if (!parts.every((one) => part.test(one))) throw invalid(uses, rule);
  return parts.join('/');
}

function invalid(uses: string, why: string): StepFault {
  return new StepFault(`"${uses.slice(0, 200)}" does not name an action: ${why}`);
}
