/** Message structures and the grouping of segments: what mappings see of them. */
export { assignGroups } from './assign-groups.ts';
export { GroupInstance } from './group-instance.ts';
export { type GroupNode, groupsNamed, parseGroupTree, resolveSegment } from './group-tree.ts';
export { groupTree, STRUCTURES, structureNamed, structureOf } from './structure.ts';
