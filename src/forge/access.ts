import type { ForgeKind } from '../kernel/forge-kinds.ts';

/** Where a forge is, and what it accepts from Volt. */
export interface ForgeAccess {
  kind: ForgeKind;
  /** address of its API, without a slash at its end */
  api: string;
  /** an access token; of an App its private key, in PEM */
  token: string;
  /** id of the GitHub App that the key is of; undefined for an access token */
  app?: number | undefined;
}
