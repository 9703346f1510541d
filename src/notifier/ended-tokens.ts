import { revokeToken } from '../forge/app-tokens.ts';
import { ForgeFault } from '../forge/fault.ts';
import type { Config } from '../kernel/config.ts';
import type { Database } from '../record/database.ts';
import { endedTokens, forgetIssuedToken } from '../record/issued-tokens.ts';

/** Milliseconds that a forge has for an answer. */
const answerTimeout = 10_000;

/**
 * Revokes the tokens of jobs that have ended. A forge that does not answer is asked again later; its tokens end within an hour in any
 * case.
 * @throws ForgeFault of one of the forges, after the others were asked
 */
export async function revokeEndedTokens(database: Database, config: Config): Promise<void> {
  const faults = new Map<string, ForgeFault>();
  for (const { ref, api, token } of await endedTokens(database, config)) {
    if (faults.has(api)) continue;
    try {
      await revokeToken(api, token, answerTimeout);
      await forgetIssuedToken(database, ref);
    } catch (error) {
      if (!(error instanceof ForgeFault)) throw error;
      faults.set(api, error);
    }
  }
  const [fault] = faults.values();
  if (fault) throw fault;
}
