/// Why bytes were not taken as a document.
public struct MalformedXML: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of refusal.
  public enum Reason: Hashable, Sendable {
    /// There is nothing in it, or white space alone.
    case empty
    /// More bytes than ``Document/maximumSize``.
    case tooLarge(bytes: Int)
    /// Elements stand deeper in each other than libxml2's limit of 256.
    case tooDeep
    /// Written in, or declared as, another encoding than UTF-8 or ASCII.
    case encoding(String)
    /// A byte sequence that is not UTF-8.
    case notUTF8
    /// A byte sequence that is not ASCII, where that is declared.
    case notASCII
    /// A document type declaration: its entities would hide where elements stand.
    case documentType
    /// Not well-formed, in libxml2's words.
    case notWellFormed(String)
    /// libxml2 and the scanner of tags do not agree; always a defect of this library.
    case disagreement
  }

  /// What is wrong.
  public var reason: Reason
  /// Where it was found.
  public var location: Position

  /// A refusal at a place.
  public init(_ reason: Reason, at location: Position) {
    self.reason = reason
    self.location = location
  }

  /// What is wrong and what to do, without the place.
  public var message: String {
    switch reason {
    case .empty:
      "there is no XML in it"
    case .tooLarge(let bytes):
      "\(bytes) bytes are more than the limit of \(Document.maximumSize) for one document"
    case .tooDeep:
      "elements are nested more than 256 deep, the limit of libxml2"
    case .encoding(let name):
      """
      the encoding is \(name), and only UTF-8 and ASCII can be changed byte for byte; \
      convert it first: xmllint --encode UTF-8 FILE
      """
    case .notUTF8:
      """
      a byte here is not UTF-8; if the file is in another encoding, convert it first: \
      iconv -f ISO-8859-1 -t UTF-8 FILE
      """
    case .notASCII:
      """
      a byte here is not ASCII, which the XML declaration says the file is; if it is UTF-8, \
      write encoding='UTF-8' there
      """
    case .documentType:
      """
      a document type declaration is not taken, since the elements of its entities stand nowhere \
      in the file; resolve them first: xmllint --noent --dropdtd FILE
      """
    case .notWellFormed(let text):
      "not well-formed XML: \(text)"
    case .disagreement:
      "the place of this tag could not be determined; nothing was changed. Please report this file"
    }
  }

  /// `LINE:COLUMN: MESSAGE`.
  public var description: String { "\(location): \(message)" }
}
