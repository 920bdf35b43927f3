// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The ledger on an EVM chain: one record per certificate with its state machine, and checkpoints
/// of the tile log, so that whoever runs that log cannot show two histories.
contract CinnabarLedger {
    enum State { None, Frozen, Active, Suspended, Revoked }

    struct Record {
        bytes32 certSha256;
        bytes32 certSm3;
        bytes32 issuerSpkiSha256;
        bytes32 settingsSha256;
        State state;
        uint64 changedAt;
    }

    /// The one account that may write; reading is for everybody.
    address public immutable writer;

    mapping(bytes32 => Record) private records;
    mapping(bytes32 => mapping(uint64 => bytes32)) private roots;
    mapping(bytes32 => uint64) public lastSize;

    event Moved(bytes32 indexed id, State from, State to);
    event Set(bytes32 indexed id, bytes32 settingsSha256);
    event Anchored(bytes32 indexed origin, uint64 indexed size, bytes32 root);

    error NotWriter();
    error IllegalMove(State from, State to);
    error Fork(uint64 size);
    error Shrunk(uint64 last);

    modifier onlyWriter() {
        if (msg.sender != writer) revert NotWriter();
        _;
    }

    constructor() {
        writer = msg.sender;
    }

    /// A certificate was signed; it is on hold from birth. Once per id.
    function freeze(bytes32 id, bytes32 certSha256, bytes32 certSm3, bytes32 issuerSpkiSha256)
        external
        onlyWriter
    {
        Record storage record = records[id];
        if (record.state != State.None) revert IllegalMove(record.state, State.Frozen);
        record.certSha256 = certSha256;
        record.certSm3 = certSm3;
        record.issuerSpkiSha256 = issuerSpkiSha256;
        move(id, record, State.Frozen);
    }

    /// `from` is the state that the writer believes in: of two that race, one is refused.
    function change(bytes32 id, State from, State to) external onlyWriter {
        Record storage record = records[id];
        if (record.state != from || !isLegal(from, to)) revert IllegalMove(record.state, to);
        move(id, record, to);
    }

    /// Binds permissions and limits to an active certificate.
    function set(bytes32 id, bytes32 settingsSha256) external onlyWriter {
        Record storage record = records[id];
        if (record.state != State.Active) revert IllegalMove(record.state, record.state);
        record.settingsSha256 = settingsSha256;
        emit Set(id, settingsSha256);
    }

    function find(bytes32 id) external view returns (Record memory) {
        return records[id];
    }

    /// Writes the root of a tree size, once. A log neither shrinks nor has two roots of one size.
    function anchor(bytes32 origin, uint64 size, bytes32 root) external onlyWriter {
        bytes32 known = roots[origin][size];
        if (known == root && root != bytes32(0)) return;
        if (known != bytes32(0)) revert Fork(size);
        if (size < lastSize[origin]) revert Shrunk(lastSize[origin]);
        roots[origin][size] = root;
        lastSize[origin] = size;
        emit Anchored(origin, size, root);
    }

    function anchored(bytes32 origin, uint64 size) external view returns (bytes32) {
        return roots[origin][size];
    }

    function move(bytes32 id, Record storage record, State to) private {
        emit Moved(id, record.state, to);
        record.state = to;
        record.changedAt = uint64(block.timestamp);
    }

    function isLegal(State from, State to) private pure returns (bool) {
        if (from == State.Frozen) return to == State.Active || to == State.Revoked;
        if (from == State.Active) return to == State.Suspended || to == State.Revoked;
        if (from == State.Suspended) return to == State.Active || to == State.Revoked;
        return false;
    }
}
