// Run by npm after an install done by hand (`prepare` in package.json).
import { linkCommand } from './packages.mjs';
import { root } from './prepare.mjs';

linkCommand(root);
