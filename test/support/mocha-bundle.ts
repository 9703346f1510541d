/** Builds before the first test, so that no test runs an outdated program. */
export { currentBundle as mochaGlobalSetup } from './bundle.ts';
