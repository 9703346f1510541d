import { type Kind, noTests } from './kind.ts';
import { runs } from './machine.ts';

const test = (sum: number) => `<?php
require_once __DIR__ . '/../vendor/autoload.php';

final class SumTest extends PHPUnit\\Framework\\TestCase
{
    public function testAdds(): void
    {
        self::assertSame(${sum}, App\\add(1, 2));
    }
}
`;
const manifest = (require: object) =>
  JSON.stringify({
    name: 'app/app',
    repositories: [{ 'packagist.org': false }],
    require,
    autoload: { files: ['src/app.php'] },
    scripts: { test: 'phpunit tests' },
  });

export const phpKinds: Kind[] = [
  {
    what: 'PHP with Composer and PHPUnit',
    title: 'PHP',
    files: {
      'composer.json': manifest({}),
      'src/app.php': '<?php\nnamespace App;\n\nfunction add(int $a, int $b): int\n{\n    return $a + $b;\n}\n',
    },
    commands: [
      'COMPOSER_ALLOW_SUPERUSER=1 composer install ',
      'COMPOSER_ALLOW_SUPERUSER=1 composer run-script --timeout=0 test',
    ],
    green: { files: { 'tests/SumTest.php': test(3) }, passed: ['SumTest > testAdds'] },
    red: { files: { 'tests/SumTest.php': test(4) }, failed: ['SumTest > testAdds'] },
    'missing dependency': {
      files: { 'composer.json': manifest({ 'absent/absent': '1.0.0' }), 'tests/SumTest.php': test(3) },
      ends: { status: 'failure', reason: 'exit_code', message: /Composer finds no package absent\/absent/ },
    },
    'no tests': { files: { 'tests/helper.php': '<?php\n' }, ends: noTests },
    'ended early': { files: { 'tests/SumTest.php': test(3).replace('self::', 'exit(0); self::') } },
    possible: () => runs('composer', '--version') && runs('phpunit', '--version'),
  },
];
