import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TestRepository } from '../test/support/repository.ts';

/** The projects whose pages `npm run screenshots` shows: small ones, with the history of a team. */

/** A commit: what it says, who made it, and the files that it changes. */
interface Commit {
  subject: string;
  author: string;
  files?: { [path: string]: string };
}

const [ada, grace, barbara, dennis] = [
  ...(['Ada Lovelace <ada@example.com>', 'Grace Hopper <grace@example.com>'] as const),
  ...(['Barbara Liskov <barbara@example.com>', 'Dennis Ritchie <dennis@example.com>'] as const),
];

/** Tests of a shop, with one that fails where `slow` is true, and one that fails where `half` is not "up". */
const shopTests = {
  'package.json': '{ "name": "shop", "private": true, "type": "module", "scripts": { "test": "node --test" } }\n',
  'shop.js': `export const settings = { slow: false, half: 'up' };
export const total = (prices) => {
  const cents = prices.reduce((sum, price) => sum + Math.round(price * 100), 0);
  return settings.half === 'up' ? cents / 100 : Math.floor(cents / 10) / 10;
};
`,
  'test/cart.test.js': `import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { total } from '../shop.js';

describe('cart', () => {
  it('is empty at first', () => assert.equal(total([]), 0));
  it('adds prices', () => assert.equal(total([1, 2.5]), 3.5));
  it('rounds to cents', () => assert.deepEqual({ currency: 'EUR', total: total([4.99, 15.06]) }, { currency: 'EUR', total: 20.05 }));
  it('keeps the order of its items', () => assert.deepEqual(['tea', 'cup'].map((name) => name), ['tea', 'cup']));
});
`,
  'test/search.test.js': `import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { settings } from '../shop.js';

describe('search', () => {
  it('finds a product by its name', () => setTimeout(40));
  it('ignores case and accents', () => setTimeout(15));
  it('answers within a second', async () => {
    await setTimeout(60);
    assert.ok(!settings.slow, 'no answer after 1000 ms');
  });
});
`,
  'test/checkout.test.js': `import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';

describe('checkout', () => {
  it('asks for an address', () => setTimeout(25));
  it('takes a voucher once', () => setTimeout(90));
  it('sends one mail for each order', { skip: 'there is no mail server' }, () => {});
});
`,
};

const shop = (slow: boolean, half = 'up') => ({
  'shop.js': shopTests['shop.js'].replace('slow: false', `slow: ${slow}`).replace("half: 'up'", `half: '${half}'`),
});

export const shopCommits: readonly Commit[] = [
  { subject: 'Add a cart, a search and a checkout', author: ada, files: shopTests },
  { subject: 'Describe how to run the shop', author: grace, files: { 'README.md': '# Shop\n' } },
  { subject: 'Search in product descriptions, too', author: barbara, files: shop(true) },
  { subject: 'Warm up the index before the first search', author: barbara, files: shop(false) },
  { subject: 'Accept vouchers in lower case', author: dennis },
  { subject: 'Show prices with the currency of the visitor', author: ada },
  { subject: 'Keep the index in memory', author: barbara, files: shop(true) },
  { subject: 'Limit the index to 64 MB', author: barbara, files: shop(false) },
  { subject: 'Remember the last address', author: grace },
  { subject: 'Sort results by how well they fit', author: dennis, files: shop(true) },
  { subject: 'Ask the index from one thread only', author: dennis, files: shop(false) },
  { subject: 'Add the Icelandic króna', author: ada },
  { subject: 'Round totals in one place', author: grace, files: shop(false, 'even') },
  { subject: 'Print the VAT on invoices', author: ada },
];

const workflow = (broken: boolean) => `name: CI
on: [push, workflow_dispatch]
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Lint
        run: |
          for file in $(seq 1 40); do echo "checked src/part-$file.ts"; done
          echo "::warning file=src/cart.ts,line=18::'discount' is never read"
  types:
    runs-on: ubuntu-latest
    steps: [{ name: Check types, run: sleep 1.5; echo no errors }]
  build:
    needs: [lint, types]
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Compile
        run: |
          for module in $(seq 1 120); do printf '\\033[32m✓\\033[0m compiled module %s\\n' $module; done
          sleep 1
  unit:
    needs: build
    runs-on: ubuntu-latest
    strategy: { fail-fast: false, matrix: { shard: [1, 2, 3] } }
    steps:
      - uses: actions/checkout@v4
      - name: Install
        run: for package in $(seq 1 60); do echo "added package $package"; done; sleep 0.5
      - name: Unit tests, shard \${{ matrix.shard }}
        run: sh test.sh \${{ matrix.shard }}
      - name: Summary
        if: always()
        run: printf '### Coverage\\n\\n| folder | lines |\\n|---|---|\\n| src/cart | 97 %% |\\n| src/search | 91 %% |\\n' >> $GITHUB_STEP_SUMMARY
  browser:
    needs: build
    runs-on: ubuntu-latest
    strategy: { matrix: { browser: [chromium, firefox, webkit] } }
    steps: [{ name: End-to-end tests, run: 'sleep 1; echo 14 tests passed in \${{ matrix.browser }}' }]
  docs:
    needs: lint
    runs-on: ubuntu-latest
    steps: [{ name: Build the documentation, run: sleep 0.5; echo 31 pages }]
  deploy:
    needs: [unit, browser, docs]
    runs-on: ubuntu-latest
    steps: [{ name: Deploy, run: sleep 0.7; echo deployed to staging }]
# ${broken ? 'with' : 'without'} the new parser
`;

const storefront = (broken: boolean) => ({
  '.github/workflows/ci.yml': workflow(broken),
  'test.sh': `printf '\\033[1mshard %s\\033[0m\\n' "$1"
for test in $(seq 1 90); do printf '\\033[32m✓\\033[0m parses example %s of shard %s\\n' $test "$1"; done
${broken ? 'if [ "$1" = 2 ]; then\n  printf "\\033[31m✗\\033[0m parses a price without cents\\n    expected 5.00, got NaN\\n    at src/price.ts:41:12\\n"\n  echo "::error file=src/price.ts,line=41::expected 5.00, got NaN"\n  echo "1 of 91 tests failed"\n  exit 1\nfi' : 'echo "90 tests passed"'}
`,
});

export const storefrontCommits: readonly Commit[] = [
  { subject: 'Start the storefront', author: grace, files: storefront(false) },
  { subject: 'Load pictures when they come into view', author: ada },
  { subject: 'Read prices with the new parser', author: dennis, files: storefront(true) },
];

/** Tests with a long log. @param seconds that they take */
const simulation = (seconds: number) => ({
  Makefile: 'test:\n\t@sh simulate.sh\n',
  'simulate.sh': `seq 1 40000 | awk '{ if ($1 % 5000 == 0) printf "\\033[33mcheckpoint %d written\\033[0m\\n", $1; else printf "step %05d  energy %.6f  drift %.2e\\n", $1, 1 / (1 + $1 / 40000), $1 * 1.3e-12 }'
sleep ${seconds}
printf '\\033[32mall 40000 steps are stable\\033[0m\\n'
`,
});

export const simulatorCommits: readonly Commit[] = [
  { subject: 'Simulate forty thousand steps', author: barbara, files: simulation(0) },
  { subject: 'Write a checkpoint every five thousand steps', author: dennis },
];

/** Projects that pass: a picture of many repositories needs some. */
const quiet = { Makefile: 'test:\n\t@sleep 0.3; echo 12 tests passed\n' };

export const paymentsCommits: readonly Commit[] = [
  { subject: 'Take cards and transfers', author: dennis, files: quiet },
  { subject: 'Refund a part of a payment', author: grace },
  { subject: 'Retry when the bank does not answer', author: grace },
  { subject: 'Export a month as CSV', author: ada },
];

export const websiteCommits: readonly Commit[] = [
  { subject: 'Move the website here', author: ada, files: quiet },
  { subject: 'Add a page for teachers', author: barbara },
];

/** It runs while the pictures are taken. */
export const lastCommit: Commit = { subject: 'Wait for the cluster', author: barbara, files: simulation(600) };

/** Adds a commit to a repository. */
export function commit(repository: TestRepository, { subject, author, files = {} }: Commit): void {
  for (const [name, content] of Object.entries(files)) {
    const file = join(repository.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  repository.git('add', '--all');
  repository.git('commit', '--quiet', '--allow-empty', '--message', subject, '--author', author);
}

/** A repository with the first of the commits. */
export function repositoryOf(name: string, [first]: readonly Commit[]): TestRepository {
  const repository = new TestRepository({}, { name });
  if (first) commit(repository, first);
  return repository;
}
