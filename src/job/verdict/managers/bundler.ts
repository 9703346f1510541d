import { access, commit, machine, network, notBuilt, type Rule, tool } from '../blame.ts';

export const bundler: readonly Rule[] = [
  network(
    /Could not fetch specs from (\S+)|Could not reach host (\S+)|Network error while fetching (\S+)/,
    'Bundler cannot reach $1$2$3',
  ),
  access(
    /(?:Authentication is required|Bad username or password) for (\S+?)\.?(?:\s|$)/,
    'Bundler has no access to $1',
  ),
  machine(
    /^Could not find gem '([^']+)' in locally installed gems/,
    'the gem $1 is not installed',
    'Run `bundle install` before the tests, or install the gem on the runner',
  ),
  commit(/^Could not find gem '([^']+)' in /, 'Bundler finds no gem $1', 'Correct its name or version in the Gemfile'),
  commit(
    /Could not find compatible versions|Bundler could not find compatible versions for gem "([^"]+)"/,
    ([name]) => `Bundler finds versions in conflict${name && ` of ${name}`}`,
    'Make the versions in the Gemfile fit, and run `bundle lock`',
  ),
  commit(
    /but the lockfile can't be updated|The lockfile can't be updated because frozen mode is set|Your lockfile .*(?:is missing|does not satisfy)/,
    'Gemfile.lock does not fit the Gemfile',
    'Run `bundle lock` and commit Gemfile.lock',
  ),
  commit(
    /^Your bundle is locked to (\S+ \([^)]+\)).*but that version/,
    'Gemfile.lock names $1, which the source does not have',
    'Run `bundle update` and commit Gemfile.lock',
  ),
  commit(/There was an error parsing `?Gemfile`?: (.*)$/, 'Bundler cannot read the Gemfile: $1', 'Correct it'),
  tool(
    /^Your Ruby version is (\S+), but your Gemfile specified (.*)$/,
    'the Gemfile needs Ruby $2, the runner has $1',
    'Install that version on the runner',
  ),
  notBuilt(/^An error occurred while installing (\S+ \([^)]+\)), and Bundler/, 'the gem $1 could not be built'),
  tool(
    /^bundler: command not found: (\S+)/,
    'no gem of the bundle has the program $1',
    'Run `bundle install` before the tests, or add the gem to the Gemfile',
  ),
];
