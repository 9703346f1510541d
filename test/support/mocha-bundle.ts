/** Before the first test, so that no test runs a program of older sources. */
export { currentBundle as mochaGlobalSetup } from './bundle.ts';
