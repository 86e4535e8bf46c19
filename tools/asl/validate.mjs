// Reads a JSON array of definitions and prints what asl-validator says of each.
import { readFileSync } from 'node:fs';
import validate from 'asl-validator';

const definitions = JSON.parse(readFileSync(0, 'utf8'));
const opinions = definitions.map((definition) => {
  const { isValid, errorsText } = validate(definition, { checkArn: true, checkPaths: true });
  return { valid: isValid, errors: isValid ? '' : errorsText('\n') };
});
process.stdout.write(JSON.stringify(opinions));
