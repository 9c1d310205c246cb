<?xml version="1.0"?>
<!-- Copies a definition and switches nesting on in it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes" indent="yes"/>
  <xsl:template match="node()|@*">
    <xsl:copy>
      <xsl:apply-templates select="node()|@*"/>
    </xsl:copy>
  </xsl:template>
  <xsl:template match="/domain/features">
    <features>
      <xsl:apply-templates select="@*|node()[not(self::nested-hv)]"/>
      <nested-hv state="on"/>
    </features>
  </xsl:template>
  <xsl:template match="/domain[not(features)]/os">
    <xsl:copy-of select="."/>
    <features>
      <nested-hv state="on"/>
    </features>
  </xsl:template>
</xsl:stylesheet>
