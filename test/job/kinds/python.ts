import { canMakeEnvironments } from '../../support/wheels.ts';
import { type Kind, noDependency, noTests } from './kind.ts';

const app = { 'app.py': 'def add(a, b):\n    return a + b\n' };
const unittest = (body: string) => `import unittest
from app import add


class Sum(unittest.TestCase):
    ${body}
`;
const missing = { ...noDependency, message: /pip finds no version of absent in the package index/ };

export const pythonKinds: Kind[] = [
  {
    what: 'Python with unittest in an environment',
    title: 'Python tests',
    files: { ...app, 'tests/__init__.py': '' },
    commands: ['python3 -m unittest '],
    green: {
      files: { 'tests/test_sum.py': unittest('def test_adds(self): self.assertEqual(add(1, 2), 3)') },
      passed: ['tests.test_sum.Sum > test_adds'],
    },
    red: {
      files: { 'tests/test_sum.py': unittest('def test_adds(self): self.assertEqual(add(1, 2), 4)') },
      failed: ['tests.test_sum.Sum > test_adds'],
    },
    'missing dependency': {
      files: { 'tests/test_sum.py': unittest('pass'), 'requirements.txt': 'absent\n' },
      ends: missing,
    },
    'no tests': { files: { 'tests/test_sum.py': unittest('pass') }, ends: noTests },
  },
  {
    what: 'Python with pytest in an environment',
    title: 'Python',
    files: { ...app, 'pyproject.toml': '[tool.pytest.ini_options]\npythonpath = ["."]\n' },
    commands: ['python3 -m pytest'],
    green: {
      files: { 'tests/test_sum.py': 'from app import add\n\n\ndef test_adds():\n    assert add(1, 2) == 3\n' },
      passed: ['tests.test_sum > test_adds'],
    },
    red: {
      files: { 'tests/test_sum.py': 'from app import add\n\n\ndef test_adds():\n    assert add(1, 2) == 4\n' },
      failed: ['tests.test_sum > test_adds'],
    },
    'missing dependency': {
      files: { 'tests/test_sum.py': 'def test_adds(): pass\n', 'requirements.txt': 'absent\n' },
      ends: missing,
    },
    'no tests': { files: { 'tests/test_sum.py': '' }, ends: noTests },
    'ended early': { files: { 'tests/test_sum.py': 'import os\n\n\ndef test_adds(): os._exit(0)\n' } },
  },
].map((kind) => ({ ...kind, possible: canMakeEnvironments }));
