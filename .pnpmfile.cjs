/** Node's packages say `"os": "linux"` where pnpm reads a list alone, and would install, and link, those of all platforms. */
function readPackage(manifest) {
  for (const key of ["os", "cpu"]) {
    if (typeof manifest[key] === "string") manifest[key] = [manifest[key]];
  }
  return manifest;
}

module.exports = { hooks: { readPackage } };
