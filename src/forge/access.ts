import type { ForgeKind } from '../kernel/forge-kinds.ts';

/** Where a forge is, and what it accepts from Volt. */
export interface ForgeAccess {
  kind: ForgeKind;
  /** address of its API, without a slash at its end */
  api: string;
  token: string;
}
