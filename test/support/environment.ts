import { settings } from '../../src/kernel/settings.ts';

/** Runs the work with these environment variables, and without any setting of Volt's. */
export function withEnvironment<T>(values: Record<string, string>, work: () => T): T {
  const former = { ...process.env };
  for (const { env } of settings) delete process.env[env];
  Object.assign(process.env, values);
  try {
    return work();
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in former)) delete process.env[name];
    Object.assign(process.env, former);
  }
}
