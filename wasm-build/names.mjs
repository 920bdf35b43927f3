// Custom sections of WebAssembly modules, the name section before all. Modules are compiled with
// it and shipped without it; tests that point at an instruction use it to say where that is.

const HEADER_BYTES = 8;

function readLength(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, at };
  }
}

function isNameSection(bytes, id, at) {
  if (id !== 0) return false;
  const { value: length, at: start } = readLength(bytes, at);
  return bytes.subarray(start, start + length).toString() === 'name';
}

/** Parts a module into what is shipped and the name section, which is empty if there is none. */
export function splitNames(bytes) {
  const kept = [bytes.subarray(0, HEADER_BYTES)];
  let names = Buffer.alloc(0);
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const { value: length, at: start } = readLength(bytes, at + 1);
    const end = start + length;
    if (isNameSection(bytes, bytes[at], start)) names = bytes.subarray(start, end);
    else kept.push(bytes.subarray(at, end));
    at = end;
  }
  return { module: Buffer.concat(kept), names };
}

function lengthBytes(value) {
  const bytes = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return Buffer.from(bytes);
}

/** A custom section as it may be appended to a module; `WebAssembly.Module.customSections` finds it. */
export function customSection(name, contents) {
  const label = Buffer.from(name);
  const head = Buffer.concat([lengthBytes(label.length), label]);
  const length = lengthBytes(head.length + contents.length);
  return Buffer.concat([Buffer.from([0]), length, head, contents]);
}

/** Names of the functions of a module by their index, from what `splitNames` took out. */
export function functionNames(section) {
  const names = new Map();
  // Behind the word "name" come subsections; number 1 lists the functions.
  for (let at = 5; at < section.length; ) {
    const kind = section[at];
    const { value: size, at: start } = readLength(section, at + 1);
    if (kind === 1) {
      let entry = readLength(section, start);
      for (let left = entry.value; left > 0; left--) {
        const index = readLength(section, entry.at);
        const length = readLength(section, index.at);
        entry = { value: 0, at: length.at + length.value };
        names.set(index.value, section.subarray(length.at, entry.at).toString());
      }
    }
    at = start + size;
  }
  return names;
}
