import type { BuildId } from '../../src/kernel/model.ts';

/** `flaky`: it has failed in tests alone that are known to be flaky. */
export type Verdict = 'success' | 'failure' | 'flaky' | 'error';

/** A build of a simulation. */
export interface Begun {
  id: BuildId;
  branch: string;
  author: string;
  verdict: Verdict | undefined;
  attempt: number;
}

/**
 * What a reader who knows all ends so far expects to be told when a build ends. It is written the other way round than Volt: from
 * the whole history of the branch, each time.
 */
export class ExpectedNotices {
  /** `12 broken`, in the order of the ends */
  readonly told: string[] = [];
  readonly #states = new Map<string, { isBroken: boolean | undefined; doubt: 'flaky' | 'error' | undefined }>();

  /** @param before the verdict before a retry */
  ended(build: Begun, before: Verdict | undefined, all: readonly Begun[]): void {
    const ofBranch = all.filter(({ branch }) => branch === build.branch);
    const state = this.#states.get(build.branch) ?? { isBroken: undefined, doubt: undefined };
    const decided = ofBranch.filter(({ verdict }) => verdict === 'success' || verdict === 'failure');
    const newest = decided.at(-1);
    if (build.verdict === 'error' || build.verdict === 'flaky') {
      if (state.doubt !== build.verdict) this.#tell(build, build.verdict);
      this.#states.set(build.branch, { ...state, doubt: build.verdict });
      return;
    }
    const isBroken = newest?.verdict === 'failure';
    this.#states.set(build.branch, { isBroken, doubt: undefined });
    if (build !== newest && !isBroken) return;
    if (build.verdict === 'success') {
      if (build === newest && state.isBroken) this.#tell(build, 'fixed');
      return;
    }
    if (state.isBroken !== true) {
      this.#tell(build, state.isBroken === undefined ? 'failing' : 'broken');
      return;
    }
    // somebody else fails on a broken branch
    const lastGood = ofBranch.findLastIndex(({ verdict }) => verdict === 'success');
    if (ofBranch.indexOf(build) < lastGood || before === 'failure') return;
    const failed = ofBranch.slice(lastGood + 1).filter((each) => each.verdict === 'failure' && each !== build);
    if (!failed.some(({ author }) => author === build.author)) this.#tell(build, 'still_broken');
  }

  /** Whether a branch is broken; undefined before its first verdict. */
  isBroken(branch: string): boolean | undefined {
    return this.#states.get(branch)?.isBroken;
  }

  #tell({ id }: Begun, event: string): void {
    this.told.push(`${id} ${event}`);
  }
}
