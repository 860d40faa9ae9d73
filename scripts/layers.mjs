/**
 * Prints the rooms of a folder, floor by floor, each with the rooms that it imports: `npm run layers [folder]`.
 *
 * A room is a file or a folder that stands directly in the folder. It stands one floor above the highest room that it
 * imports. An arrow from one room to another that imports the first is an arrow up. A circle is a circle of files.
 * Specs do not count. Exits with 1 if there is a circle or an arrow up.
 */
import { cruise } from 'dependency-cruiser';

const folder = (process.argv[2] ?? 'src').replace(/\/$/, '');

/** The room in which a file stands, or undefined for a file outside of the folder. */
function findRoom(file) {
  if (!file.startsWith(`${folder}/`)) return undefined;
  const [name, ...rest] = file.slice(folder.length + 1).split('/');
  return rest.length === 0 ? name : `${name}/`;
}

/** Each room with the rooms that it imports. */
function collectRooms(modules) {
  const rooms = new Map();
  for (const { source, dependencies } of modules) {
    const room = findRoom(source);
    if (room === undefined) continue;
    const targets = dependencies.map(({ resolved }) => findRoom(resolved)).filter((target) => target !== undefined);
    rooms.set(room, new Set([...(rooms.get(room) ?? []), ...targets].filter((target) => target !== room)));
  }
  return new Map([...rooms].toSorted(([one], [other]) => one.localeCompare(other)));
}

/** The floor of each room. Where an import leads back to a room that is still being placed, it runs up. */
function placeRooms(rooms) {
  const floors = new Map();
  const arrowsUp = [];
  const place = (room, above) => {
    if (floors.has(room)) return floors.get(room);
    const below = [0];
    for (const target of rooms.get(room) ?? []) {
      if (target === room || above.includes(target)) arrowsUp.push(`${room} → ${target}`);
      else below.push(place(target, [...above, room]));
    }
    floors.set(room, Math.max(...below) + 1);
    return floors.get(room);
  };
  for (const room of rooms.keys()) place(room, []);
  return { floors, arrowsUp };
}

const { output } = await cruise([folder], {
  exclude: { path: '\\.spec\\.ts$|\\.d\\.ts$' },
  doNotFollow: { path: 'node_modules' },
  tsPreCompilationDeps: true,
});
const modules = output.modules.filter(({ source }) => findRoom(source) !== undefined);
const rooms = collectRooms(modules);
const { floors, arrowsUp } = placeRooms(rooms);
const circles = modules.filter(({ dependencies }) => dependencies.some(({ circular }) => circular));
const height = Math.max(0, ...floors.values());
const arrows = [...rooms.values()].reduce((sum, targets) => sum + targets.size, 0);

for (let floor = height; floor > 0; floor -= 1) {
  for (const [room, targets] of rooms) {
    if (floors.get(room) === floor)
      console.log(`${String(floor).padStart(2)}  ${room.padEnd(30)} ${[...targets].join(' ')}`);
  }
}
console.log(`
${folder}: ${modules.length} files in ${rooms.size} rooms on ${height} floors with ${arrows} arrows
${circles.length} files in circles ${circles.map(({ source }) => source).join(' ')}
${arrowsUp.length} arrows up ${arrowsUp.join(', ')}`);
process.exitCode = circles.length + arrowsUp.length === 0 ? 0 : 1;
